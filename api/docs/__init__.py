"""The API's documentation: the OpenAPI schema and the offline pages of Swagger and ReDoc.
It may import the schemas, middleware, settings, errors and forms.
It must not import the routers, the dependencies or the maintenance jobs."""
