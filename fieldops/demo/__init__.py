"""The demo county: made from the field's own numbers, reported as workbooks, imported like any other."""
