"""The commands of `latentwire` that call a server; each imports the client only when it runs."""
