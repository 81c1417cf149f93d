package io.plainweave.embedding

import io.plainweave.Connection
import io.plainweave.Listen
import io.plainweave.framing.Lines
import io.plainweave.server.Server
import kotlinx.coroutines.async
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import org.slf4j.LoggerFactory

private val log = LoggerFactory.getLogger("KotlinServer")

// shown: begin
fun main(args: Array<String>) = Server.serve(args, Listen.tcp("localhost", 7000), ::greet)

private fun greet(connection: Connection) {
    val lines = Lines.of(connection, 1_000)
    while (true) {
        val line = lines.read() ?: return // null is the end of the input, and the compiler knows it
        connection.output().write("hello $line\n".toByteArray())
    }
}

// shown: end

// shown: begin
/** A handler whose answers come from suspending functions. */
fun ask(connection: Connection) {
    val lines = Lines.of(connection, 1_000)
    while (true) {
        val line = lines.read() ?: return
        connection.output().write(runBlocking { answer(line) }.toByteArray())
    }
}

private suspend fun answer(line: String): String = coroutineScope {
    val name = async { lookUp(line) }
    val count = async { count(line) }
    "${name.await()} ${count.await()}\n"
}

// shown: end

private suspend fun lookUp(line: String): String {
    delay(1)
    return line.uppercase()
}

private suspend fun count(line: String): Int {
    log.info("counts {}", line)
    try {
        delay(if (line == "for ever") Long.MAX_VALUE else 1)
        return line.length
    } finally {
        log.info("has counted {}", line)
    }
}
