# The server's image: `docker build -t grafana_sensor .`, or by docker-compose.yml. docs/provisioning.md tells more.

# Another base, or this one by its digest: --build-arg PYTHON_IMAGE=...
ARG PYTHON_IMAGE=python:3.13-slim-trixie

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/grafana_sensor
ENV PATH=/opt/grafana_sensor/bin:$PATH
WORKDIR /source
# Before the program, so that a change of that alone doesn't install them again.
COPY docker/requirements.txt docker/
RUN pip install --require-hashes --only-binary :all: --requirement docker/requirements.txt
COPY setup.py setup.cfg README.md LICENSE ./
COPY grafana_sensor grafana_sensor
RUN pip install --no-deps --no-build-isolation . \
    && pip uninstall --yes setuptools pip

FROM ${PYTHON_IMAGE}
RUN useradd --system --uid 10001 --home-dir /var/lib/grafana_sensor --create-home sensors
COPY --from=build /opt/grafana_sensor /opt/grafana_sensor
ENV PATH=/opt/grafana_sensor/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    GRAFANA_SENSOR_HOST=0.0.0.0 \
    GRAFANA_SENSOR_PORT=8000 \
    GRAFANA_SENSOR_STORE=sqlite:///var/lib/grafana_sensor
USER 10001
WORKDIR /var/lib/grafana_sensor
VOLUME /var/lib/grafana_sensor
EXPOSE 8000
# Ready is more than alive: the store answers.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/ready', timeout=4)"]
ENTRYPOINT ["grafana-sensor"]
CMD ["serve"]
