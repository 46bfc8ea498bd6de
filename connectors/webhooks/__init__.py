"""The webhook receiver: a verified delivery is in ``hints.<source>`` on every replica (``acks=all``) before its sender hears that it was taken."""
