import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * Reads samples with generated models, and writes what they hold.
 *
 * <p>Input: lines of a model's name, its discriminator or nothing, and JSON, with tabs between. Output: a line of JSON
 * for each.
 */
public class RoundTrip {
  public static void main(String[] arguments) throws Exception {
    var mapper = new ObjectMapper();
    var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    var output = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    for (var line = input.readLine(); line != null; line = input.readLine()) {
      var parts = line.split("\t", 3);
      var model = mapper.readValue(parts[2], Class.forName("documents." + parts[0]));
      output.println(mapper.writeValueAsString(model));
    }
  }
}
