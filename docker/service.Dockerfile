# The project's own processes: workers, query service, the headrace command. One image, different commands.
FROM python:3.11-slim-bookworm AS build
ARG UV_VERSION=0.13.9
RUN pip install --no-cache-dir "uv==${UV_VERSION}"
WORKDIR /app
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PROJECT_ENVIRONMENT=/app/.venv
# The dependencies first: they are 6 GB and change less often than the code.
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --no-install-project
COPY README.md LICENSE ./
COPY contracts contracts
COPY index index
COPY connectors connectors
COPY streams streams
COPY query_service query_service
COPY rest_sources rest_sources
COPY operations operations
COPY examples examples
RUN uv sync --frozen --no-dev --no-editable

FROM python:3.11-slim-bookworm
# Reads scans; for other languages than English add tesseract-ocr-deu and the like.
RUN apt-get update && apt-get install -y --no-install-recommends tesseract-ocr && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid 10001 headrace \
 && useradd --uid 10001 --gid 10001 --create-home --home-dir /home/headrace headrace \
 && install -d -o 10001 -g 10001 /home/headrace/.cache/headrace
COPY --from=build /app/.venv /app/.venv
COPY examples/company/sources.yaml /app/sources.yaml
COPY docker/with-keys /usr/local/bin/with-keys
WORKDIR /app
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 HEADRACE_SOURCES=/app/sources.yaml
USER 10001:10001
ENTRYPOINT ["with-keys"]
CMD ["headrace", "--help"]
