package filrouge;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * The small task: arguments BOOTSTRAP EVENTS SWITCHES GROUP FOLDER. States in RocksDB with changelog
 * topics, exactly_once_v2, everything else as it comes. Runs until it is ended.
 */
public final class Small implements Processor<String, byte[], String, String> {
    private static final ObjectMapper JSON = new ObjectMapper();
    private ProcessorContext<String, String> context;
    private KeyValueStore<String, String> states;
    private KeyValueStore<String, Long> panes;

    @Override
    public void init(ProcessorContext<String, String> context) {
        this.context = context;
        states = context.getStateStore("states");
        panes = context.getStateStore("panes");
    }

    @Override
    public void process(Record<String, byte[]> record) {
        JsonNode said;
        try {
            said = JSON.readTree(record.value()).get("data");
        } catch (java.io.IOException error) {
            throw new java.io.UncheckedIOException(error);
        }
        String customer = said.get("customer").textValue();
        String channel = said.get("channel").textValue();
        long at = said.get("time_ms").longValue();
        String known = states.get(customer); // "channel time events"
        long events = 1;
        if (known != null) {
            String[] parts = known.split(" ");
            events = Long.parseLong(parts[2]) + 1;
            if (!parts[0].equals(channel)) {
                String text = customer + " " + parts[0] + " " + channel + " " + at;
                context.forward(record.withKey(customer).withValue(text));
            }
        }
        states.put(customer, channel + " " + at + " " + events);
        String cell = channel + " " + (at - at % 10_000);
        Long count = panes.get(cell);
        panes.put(cell, count == null ? 1L : count + 1);
    }

    public static void main(String[] args) {
        Properties config = new Properties();
        config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, args[3]);
        config.put(StreamsConfig.STATE_DIR_CONFIG, args[4]);
        config.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        config.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        config.put("auto.offset.reset", "earliest");
        Topology topology = new Topology();
        topology.addSource("events", Serdes.String().deserializer(), Serdes.ByteArray().deserializer(), args[1]);
        topology.addProcessor("fold", Small::new, "events");
        topology.addStateStore(
                Stores.keyValueStoreBuilder(
                                Stores.persistentKeyValueStore("states"), Serdes.String(), Serdes.String())
                        .withCachingEnabled(),
                "fold");
        topology.addStateStore(
                Stores.keyValueStoreBuilder(
                                Stores.persistentKeyValueStore("panes"), Serdes.String(), Serdes.Long())
                        .withCachingEnabled(),
                "fold");
        topology.addSink("switches", args[2], Serdes.String().serializer(), Serdes.String().serializer(), "fold");
        KafkaStreams streams = new KafkaStreams(topology, config);
        Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
        streams.start();
    }
}
