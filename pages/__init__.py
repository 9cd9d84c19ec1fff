"""The pages of the app, one per step of the way from data to recommendation."""

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

# A fresh server that is first visited by a deep link (/data) takes a folder called `pages` for
# Streamlit's old navigation and runs the page without app.py. Say that it is not, and start again.
if PagesManager.uses_pages_directory:
    PagesManager.uses_pages_directory = False
    st.rerun()
