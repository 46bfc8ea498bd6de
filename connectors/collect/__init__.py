"""The collector: hints in, the vendor's state now out to ``source.*``, exactly one record for each object and hint."""
