"""What the page's JavaScript and the components are sent: views of a trail, and what changed in them."""
