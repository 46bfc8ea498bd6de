"""What we know of each REST source, without any I/O: whom to believe (``verify``) and what a delivery says. docs/decisions/0079 says why it is a layer of its own."""
