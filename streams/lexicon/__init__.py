"""A small pinned lexicon, French and English: what a message is about, how urgent, in what tone."""
