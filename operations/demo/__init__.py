"""``headrace demo``: the whole path on a small company's documents, with its proof."""
