"""The fake: the real service over a model that is a line of NumPy, and answers from descriptors for the rest.

Nothing here imports torch or onnxruntime. Nothing falls back to it by itself; every answer says that it is the fake's.
"""
