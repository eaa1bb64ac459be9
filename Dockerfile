# Keybook in a container: what compose.yaml runs. The image holds the program and no data; the home is a volume.
FROM python:3.11-slim
RUN apt-get update && apt-get install --no-install-recommends --yes make && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/keybook/app
COPY . .
# The locked versions, their hashes checked; what dbt parses is parsed now, so that nothing is written here later.
RUN make .venv/ready \
    && KEYBOOK_HOME=/tmp/home .venv/bin/python -c "from pipelines.settings import load_settings; from pipelines.warehouse import transform; transform.parsed(load_settings())" \
    && useradd --uid 10001 --no-create-home keybook \
    && mkdir -p /srv/keybook/data /srv/keybook/dagster \
    && cp dagster.yaml /srv/keybook/dagster/ \
    && chown -R keybook /srv/keybook/data /srv/keybook/dagster dbt_project/target
USER keybook
ENV KEYBOOK_HOME=/srv/keybook/data DAGSTER_HOME=/srv/keybook/dagster PATH=/srv/keybook/app/.venv/bin:$PATH
CMD ["keybook", "status"]
