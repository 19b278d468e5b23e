"""What people are asked, and how, wherever the form is shown: on the desk, or by way of a mail."""
