"""The desk of those who keep the directory true, and of those who use it for others. One view file for each page or flow."""
