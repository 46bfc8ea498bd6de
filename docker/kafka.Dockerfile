# Kafka's own image twice: the broker with a data folder that its user owns, and Connect with the very Debezium jars that the local stack runs.
FROM maven:3.9.9-eclipse-temurin-17 AS plugins
ARG DEBEZIUM_VERSION=3.7.0.Final
ARG DEBEZIUM_SCRIPTING_VERSION=3.5.0.Final
ARG GROOVY_VERSION=4.0.27
COPY setup/pom-debezium.xml /build/pom.xml
RUN mvn -B -q -f /build/pom.xml dependency:copy-dependencies -DoutputDirectory=/plugins/debezium-postgres -DincludeScope=runtime \
      -Ddebezium.version=${DEBEZIUM_VERSION} -Dgroovy.version=${GROOVY_VERSION} \
 && mvn -B -q dependency:copy -Dartifact=io.debezium:debezium-scripting:${DEBEZIUM_SCRIPTING_VERSION} -DoutputDirectory=/plugins/debezium-postgres

FROM apache/kafka:4.1.0 AS broker
USER root
RUN mkdir -p /var/lib/kafka/data && chown -R appuser /var/lib/kafka
USER appuser

FROM apache/kafka:4.1.0 AS connect
COPY --from=plugins /plugins /opt/plugins
COPY docker/connect.properties /etc/headrace/connect.properties
COPY docker/with-keys /usr/local/bin/with-keys
USER appuser
ENTRYPOINT ["with-keys"]
CMD ["/opt/kafka/bin/connect-distributed.sh", "/etc/headrace/connect.properties"]
