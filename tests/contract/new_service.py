"""A service that no code knows, with a field of each kind."""

from __future__ import annotations

from google.protobuf import descriptor_pb2, descriptor_pool, text_format
from google.protobuf.descriptor import ServiceDescriptor

_FILE = """
name: "test/new.proto" package: "test" syntax: "proto3"
enum_type { name: "Choice" value { name: "NONE" number: 0 } value { name: "SOME" number: 3 } }
message_type { name: "DoRequest" field { name: "name" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL } }
message_type {
  name: "DoResponse"
  field { name: "name" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
  field { name: "count" number: 2 type: TYPE_INT64 label: LABEL_OPTIONAL }
  field { name: "choice" number: 3 type: TYPE_ENUM type_name: ".test.Choice" label: LABEL_OPTIONAL }
  field { name: "many" number: 4 type: TYPE_DOUBLE label: LABEL_REPEATED }
  field { name: "table" number: 5 type: TYPE_MESSAGE type_name: ".test.DoResponse.TableEntry" label: LABEL_REPEATED }
  field { name: "inner" number: 6 type: TYPE_MESSAGE type_name: ".test.DoRequest" label: LABEL_OPTIONAL }
  nested_type {
    name: "TableEntry" options { map_entry: true }
    field { name: "key" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
    field { name: "value" number: 2 type: TYPE_MESSAGE type_name: ".test.DoRequest" label: LABEL_OPTIONAL }
  }
}
service {
  name: "New"
  method { name: "Do" input_type: ".test.DoRequest" output_type: ".test.DoResponse" }
  method { name: "Watch" input_type: ".test.DoRequest" output_type: ".test.DoResponse" server_streaming: true }
}
"""


def new_service() -> ServiceDescriptor:
    """Returns its descriptor."""
    pool = descriptor_pool.DescriptorPool()
    pool.Add(text_format.Parse(_FILE, descriptor_pb2.FileDescriptorProto()))
    found: ServiceDescriptor = pool.FindServiceByName("test.New")
    return found
