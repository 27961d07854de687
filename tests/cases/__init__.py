"""The thirty cases of journeys, each told as a story: these webhooks, in this order, these facts."""
