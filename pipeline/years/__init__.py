"""Between editions: matching of items, comparison, lineages, and the draft of the next edition."""
