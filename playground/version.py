"""The version of this project, for its records and for people."""

VERSION = "0.1.0"
