"""Answers written by a model server (TGI, vLLM, NIM: anything with ``/v1/chat/completions``), with citations checked against the text."""
