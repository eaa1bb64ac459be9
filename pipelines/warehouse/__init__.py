"""The warehouse, a build product: what it is made from, dbt in process, what to build anew, versions and the swap."""
