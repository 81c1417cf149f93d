package io.plainweave.loadtests.report;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.SerializerProvider;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.DataFormatException;
import org.HdrHistogram.Histogram;

/**
 * A histogram in JSON: its percentiles in milliseconds to read, and all of it in HdrHistogram's own
 * compressed encoding, from which it is read back.
 */
final class HistogramJson {
  private static final String ENCODED = "encoded";

  private HistogramJson() {}

  static final class Writer extends JsonSerializer<Histogram> {
    @Override
    public void serialize(Histogram histogram, JsonGenerator json, SerializerProvider provider)
        throws IOException {
      json.writeStartObject();
      json.writeNumberField("count", histogram.getTotalCount());
      json.writeStringField("unit", "ms");
      for (double percentile : Latencies.PERCENTILES) {
        double millis = histogram.getValueAtPercentile(percentile) / 1e6;
        json.writeNumberField(Latencies.label(percentile), millis);
      }
      ByteBuffer buffer = ByteBuffer.allocate(histogram.getNeededByteBufferCapacity());
      int length = histogram.encodeIntoCompressedByteBuffer(buffer);
      json.writeBinaryField(ENCODED, Arrays.copyOf(buffer.array(), length));
      json.writeEndObject();
    }
  }

  static final class Reader extends JsonDeserializer<Histogram> {
    @Override
    public Histogram deserialize(JsonParser json, DeserializationContext context)
        throws IOException {
      JsonNode node = context.readTree(json);
      byte[] encoded = node.path(ENCODED).binaryValue();
      if (encoded == null) {
        return context.reportInputMismatch(Histogram.class, "a histogram without %s", ENCODED);
      }
      try {
        return Histogram.decodeFromCompressedByteBuffer(ByteBuffer.wrap(encoded), 0);
      } catch (DataFormatException | RuntimeException e) {
        // Decoding has no exception of its own for bytes that are no histogram.
        return context.reportInputMismatch(Histogram.class, "no histogram: %s", e.getMessage());
      }
    }
  }
}
