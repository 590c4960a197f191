#include "launch/job/job_shape.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace shardwright {
namespace {

/// A YAML string that says what it is, whatever stands in it.
std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') result += '\\';
    result += letter;
  }
  return result + "\"";
}

std::string argument_list(const std::vector<std::string>& words) {
  std::string list;
  for (const std::string& word : words) list += (list.empty() ? "" : ", ") + quoted(word);
  return "[" + list + "]";
}

std::string data_mount(const MpiJobOptions& options) {
  if (options.volume_claim.empty()) return "";
  return "            - {name: data, mountPath: /data}\n";
}

std::string data_volume(const MpiJobOptions& options) {
  if (options.volume_claim.empty()) return "";
  return fmt::format("          - {{name: data, persistentVolumeClaim: {{claimName: {}}}}}\n",
                     options.volume_claim);
}

std::string launcher(const MpiJobOptions& options, const std::vector<std::string>& line) {
  return fmt::format(
      "    Launcher:\n"
      "      replicas: 1\n"
      "      restartPolicy: Never\n"
      "      template:\n"
      "        spec:\n"
      "          containers:\n"
      "          - name: launcher\n"
      "            image: {}\n"
      "            securityContext: {{runAsUser: 1000}}\n"
      "            # The job's own exit code is the pod's; a retry goes on from the last "
      "checkpoint.\n"
      "            command: {}\n",
      quoted(options.image), argument_list(line));
}

std::string worker(const JobShape& shape, std::int64_t slots, const MpiJobOptions& options) {
  return fmt::format(
      "    Worker:\n"
      "      replicas: {}\n"
      "      restartPolicy: Never\n"
      "      template:\n"
      "        spec:\n"
      "          containers:\n"
      "          - name: worker\n"
      "            image: {}\n"
      "            securityContext: {{runAsUser: 1000}}\n"
      "            command: [\"/usr/sbin/sshd\", \"-De\", \"-f\", \"/home/mpiuser/.sshd_config\"]\n"
      "            resources:\n"
      "              limits: {{cpu: {}}}\n"
      "            volumeMounts:\n"
      "            - {{name: shm, mountPath: /dev/shm}}\n"
      "{}"
      "          volumes:\n"
      "          - {{name: shm, emptyDir: {{medium: Memory, sizeLimit: {}}}}}\n"
      "{}",
      std::max<std::int64_t>(1, std::ssize(shape.hosts)), quoted(options.image),
      slots * shape.threads, data_mount(options), options.shared_memory, data_volume(options));
}

}  // namespace

std::string mpijob_manifest(const JobShape& shape, const MpiJobOptions& options,
                            const std::vector<std::string>& command) {
  const std::int64_t workers = std::max<std::int64_t>(1, std::ssize(shape.hosts));
  const std::int64_t slots = (shape.ranks + workers - 1) / workers;
  JobShape inside = shape;  // the operator writes the hosts file
  inside.hosts.clear();
  inside.cores = shape.ranks * shape.threads;
  return fmt::format(
             "apiVersion: kubeflow.org/v2beta1\n"
             "kind: MPIJob\n"
             "metadata:\n"
             "  name: {}\n"
             "spec:\n"
             "  slotsPerWorker: {}\n"
             "  runPolicy:\n"
             "    cleanPodPolicy: Running\n"
             "    backoffLimit: {}\n"
             "    ttlSecondsAfterFinished: 86400\n"
             "  sshAuthMountPath: /home/mpiuser/.ssh\n"
             "  mpiReplicaSpecs:\n",
             options.name, slots, options.retries) +
         launcher(options, mpirun_line(inside, command)) + worker(shape, slots, options);
}

}  // namespace shardwright
