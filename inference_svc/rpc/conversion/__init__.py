"""Between protobuf messages and frozen dataclasses; the only code that knows both."""
