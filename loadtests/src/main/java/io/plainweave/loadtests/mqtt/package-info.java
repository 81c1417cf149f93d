/** The packets of MQTT that the load test of its broker sends and expects. */
package io.plainweave.loadtests.mqtt;
