"""A1111's options by the groups of its settings page: those that something here reads, and those that are only kept.

Every file holds one group: a class whose fields are read by some code, with A1111's types and defaults, and up to two
tables of names and defaults. UNSERVED are options that change pictures or their texts in A1111 and nothing here, which
is said wherever they are set; KEPT are options that mean nothing to a server without A1111's page, folders or trainer.
"""
