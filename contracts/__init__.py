"""What the connectors, the streams, the index and the query service agree on.

Pure: nothing in here opens a socket, reads a file at import, or needs an event loop (topics.py is data; the code that creates topics is its adapter).
"""
