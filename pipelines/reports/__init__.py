"""What leaves Keybook as a document, statement or pack; reads the reporting layer of the published warehouse only."""
