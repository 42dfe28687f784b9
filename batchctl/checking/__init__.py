"""What ``batchctl check`` is made of: a program evaluated offline, and compared."""
