"""The two Faust workers: ``normalize`` turns raw records into documents, ``index`` brings documents into the index. Both stateless, at least once."""
