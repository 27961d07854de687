"""Who it is: identifiers, the graph that they make, and the customer that they lead to. Pure."""
