"""Values and laws: no I/O, no clock, no globals."""
