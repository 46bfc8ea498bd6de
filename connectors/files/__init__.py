"""Files of a folder or a bucket: listed, watched, read and turned into text."""
