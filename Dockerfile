# SPDX-License-Identifier: Apache-2.0
FROM debian:bookworm-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends cmake ninja-build gcc libc6-dev pkg-config \
        libmicrohttpd-dev libcurl4-openssl-dev libxml2-dev libssl-dev liblz4-dev librust-blake3-dev libjansson-dev \
        libsqlite3-dev libinih-dev libisal-dev zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
COPY . /src
WORKDIR /src
RUN cmake --preset release && cmake --build --preset release && strip build/release/hugs3

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates libmicrohttpd12 libcurl4 libxml2 \
        libssl3 liblz4-1 libjansson4 libsqlite3-0 libinih1 libisal2 zlib1g \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10000 --home-dir /data --create-home hugs3
COPY --from=build /src/build/release/hugs3 /usr/bin/hugs3
USER hugs3
VOLUME /data
ENV HUGS3_LISTEN=0.0.0.0:9000 HUGS3_STATE_DIR=/data
EXPOSE 9000
STOPSIGNAL SIGTERM
ENTRYPOINT ["hugs3"]
CMD ["serve"]
LABEL org.opencontainers.image.title="hugs3" \
      org.opencontainers.image.description="S3 gateway for Hugging Face Storage Buckets" \
      org.opencontainers.image.licenses="Apache-2.0"
