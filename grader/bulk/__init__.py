"""A class at once: what was handed in, slots that grade it, statistics over the results."""
