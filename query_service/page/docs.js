// swagger-ui 4 draws OpenAPI 3.0; this description is 3.1, of which it uses nothing that 3.0 lacks but examples and the version itself.
fetch("/openapi.json")
  .then((response) => response.json())
  .then((spec) => {
    SwaggerUIBundle({ spec: { ...spec, openapi: "3.0.3" }, dom_id: "#swagger-ui", defaultModelsExpandDepth: 0 });
  });
