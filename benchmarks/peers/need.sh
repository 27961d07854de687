#!/usr/bin/env bash
# The peers: their Python packages in an environment of their own, Kafka Streams built by Maven.
set -euo pipefail
cd "$(dirname "$0")"
cache=../../.cache
if ! cmp -s requirements.txt $cache/peers/complete; then
  python3 -m venv $cache/peers
  $cache/peers/bin/pip install -q --disable-pip-version-check -r requirements.txt
  cp requirements.txt $cache/peers/complete
fi
built=$cache/kafka-streams
if [ ! -f $built/complete ] || [ -n "$(find kafka-streams -newer $built/complete -type f)" ]; then
  (cd kafka-streams && mvn -q -B compile dependency:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory=target/libs)
  mkdir -p $built
  rm -rf $built/libs $built/classes
  mv kafka-streams/target/libs kafka-streams/target/classes $built/
  rm -rf kafka-streams/target
  touch $built/complete
fi
