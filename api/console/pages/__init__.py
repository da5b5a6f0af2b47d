"""The pages of the console and the actions of their forms, one module a subject.
It may import the console's rendering, access, users and live updates, and everything below the console.
It must not write a lead's status except through shared/leads."""
