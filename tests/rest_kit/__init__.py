"""What every REST source must pass: a World for its vendor, and a class derived from RestSourceKit, are all that a new source's tests need."""
