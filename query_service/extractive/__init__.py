"""Answers made of the documents' own sentences: chosen by meaning, by words and by the kind of thing that is asked for, quoted and cited.

Used where no model server is configured. Pure but for the embedding of at most a dozen sentences.
"""
