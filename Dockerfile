# Impasto with its command line and its page, for CPUs: docs/install.md says how to run it.
# Not on Alpine: there is no onnxruntime for its C library.
FROM python:3.13-slim AS build
COPY . /src
RUN python3 -m venv /opt/impasto
RUN /opt/impasto/bin/pip install --no-cache-dir "/src[studio]"

FROM python:3.13-slim
COPY --from=build /opt/impasto /opt/impasto
RUN useradd --uid 1000 --create-home impasto && install -d -o impasto -g impasto /data
ENV PATH=/opt/impasto/bin:$PATH IMPASTO_CACHE=/data/cache IMPASTO_STYLES=/data/styles
USER impasto
WORKDIR /pictures
VOLUME /data
EXPOSE 7860
HEALTHCHECK --interval=10m --timeout=60s --start-period=60s CMD ["impasto", "doctor"]
ENTRYPOINT ["impasto"]
CMD ["studio", "--host", "0.0.0.0", "--no-browser"]
