"""The product's console inside the demo page: passed on under the demo's address, and signed in to.
It reaches the console only by HTTP."""
