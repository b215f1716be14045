"""The parts of an exam: what a candidate gets for each, and the marks for what was handed in."""
