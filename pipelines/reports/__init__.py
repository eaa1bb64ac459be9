"""What leaves Keybook as a document; reads the reporting layer of the published warehouse only."""
