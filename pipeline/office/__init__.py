"""Office work around the documents: workbooks to and from the departments, and signatures."""
