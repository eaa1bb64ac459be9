"""The Streamlit app on the published warehouse: it reads the schema `reporting` and computes no metric."""
